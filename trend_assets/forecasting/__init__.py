"""What will rise: labels, rankings, metrics, backtest, calibration, over mentions of topics in time."""
