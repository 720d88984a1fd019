// Command mkgroups writes the groups of package curb, and docs/groups.md, which
// says why each call is in its group.
//
// For each group there is a program in testdata that does all that the group
// is for. It is built for amd64 and for arm64, and package scan says which calls
// it can make. What an empty program has, by the same functions, is the
// runtime's, and the rest is the group's.
//
// The scan knows no arguments, and takes more than can happen. So what people
// have to add is in reasons.go and arguments.go, with a reason for each:
// calls that are left out, calls that only the start of a program makes, and
// conditions. An entry that fits nothing is an error, and so is a call that the
// runtime has on a condition and that a group makes as well without one of its own. A new
// Go release takes a run of this program; if it ends with an error there is
// something to decide.
//
// The other architectures cannot be scanned. They have the same
// calls, but for those in elsewhere.go; the test runs the programs under qemu and
// compares.
package main
