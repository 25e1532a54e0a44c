"""When the pipeline runs: partitions, jobs, schedules, sensors; and Dagster's event log."""
