// Package cache keeps the results of scans in the user's cache directory, so that
// the same program is not read twice.
//
// A result is found again by what it depends on: the bytes of the program, the
// options, and the build of curb itself. The bytes, and not the build ID that the
// linker wrote into them, since stripping or patching a program changes what a
// scan says and leaves the ID alone; and since reading them takes a few hundredths
// of the time of the scan (BenchmarkKey, BenchmarkScan). Curb's own build is known
// by its build ID, in which the Go linker hashes what it has linked, or where there
// is none by its bytes. Where the program has a dynamic loader, that must have the
// bytes that it had, too.
//
// What is read of the functions of libraries is kept apart from results, for each library
// by the bytes of its file, since most programs with C code load the same.
//
// Everything here is a matter of time and never of the result. Without a home
// directory, with a full disk, with files that are damaged or that others can
// write to, the program is scanned. Entries take their place by renaming a
// complete file, so that any number of curbs can run at once. Those that were
// not used for longest go when there are too many.
package cache
