"""What the machine is: instruction sets, cores. Facts only; nothing here decides or computes."""
