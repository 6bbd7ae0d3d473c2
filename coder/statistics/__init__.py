"""Tables and rates from coded cases, as the 16th ICLS resolution asks for them."""
