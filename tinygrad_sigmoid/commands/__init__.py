"""The commands of `tinygrad-sigmoid`, one file each: what it is called, its arguments, and what it does."""
