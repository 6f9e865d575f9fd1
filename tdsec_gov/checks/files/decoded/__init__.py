"""Files that have to be decoded to be judged: in a child process with limits of its own."""
