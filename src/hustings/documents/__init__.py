"""What is signed and passed around between roles: values only, no I/O, no clock."""
