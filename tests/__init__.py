"""The tests mirror the floors; `house` guards the house rules."""
