"""What rooms above the engine print with: tables from and to files, plots and the report page."""
