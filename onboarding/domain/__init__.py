"""What is true about people, deliveries and batches. Pure: no await, no clock, no I/O."""
