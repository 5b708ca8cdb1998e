"""Running realizations: plan, schedule, execute, models and tools."""
