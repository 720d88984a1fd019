// Command broker runs a program that may open no file, and opens files for it.
//
//	go run ./examples/broker -allow /srv/public -- /usr/local/bin/server
//
// The program runs under a policy in which open, openat and openat2 are left to a
// supervisor ([curb.Notify]); other ways to get at a file, to start a program or to
// reach the network are not allowed at all. The supervisor is this command. For each
// request it
//
//  1. reads the path from the program's memory, and uses what it has read, so that
//     nothing depends on what the memory holds later;
//  2. finds the allowed directory that the path is in, and refuses with EACCES if
//     there is none, or if the file is to be written;
//  3. opens the file itself, by openat2 with RESOLVE_BENEATH: no symbolic link and
//     no ".." leads out of the directory, whoever changes what is in it meanwhile;
//  4. answers with the descriptor, which the program gets in the same step
//     (SECCOMP_ADDFD_FLAG_SEND). If it was killed meanwhile, nothing is left over.
//
// The program notices nothing of this but that some files cannot be opened. A
// program with a dynamic loader needs the directories of its libraries as well:
//
//	go run ./examples/broker -allow /etc -allow /lib -allow /usr/lib -allow . -- /bin/cat file
//
// What it does not do: it opens regular files and directories for reading only; it
// does not hide what a file is like (a program can still ask for size and times by
// path); and it gives the program what this command may read, under its own user.
package main
