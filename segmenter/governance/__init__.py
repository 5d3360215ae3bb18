"""What an officer must be able to show: access reports, the file of a breach."""
