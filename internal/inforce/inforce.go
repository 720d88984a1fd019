// Package inforce reads the seccomp filters of a running thread from the kernel. It
// is the engine of "curb filter dump --pid".
//
// It seizes the thread with ptrace(2), which stops it for some microseconds, and
// lets it go as it was: one that was stopped stays stopped, and a signal that came
// meanwhile is delivered.
package inforce
