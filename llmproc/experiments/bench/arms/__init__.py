"""What bench can measure. Each arm is opened in a process of its own by `arm_process` and knows of no other."""
