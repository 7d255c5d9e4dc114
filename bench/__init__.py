"""Small measurements of what people wait for, in real parts; `python -m bench` prints the table."""
