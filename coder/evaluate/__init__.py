"""How good the codes are: metrics with intervals, trust, comparisons, reports, quality control.

Numbers first (`metrics.json` and tidy CSV tables), pictures drawn from them (`report.html`).
"""
