// Package libseccomp puts policies into words for the C library libseccomp, by
// way of github.com/seccomp/libseccomp-golang. It is all of this module that
// needs cgo; without, it says so.
package libseccomp

// Options are what the library offers to make a filter fast.
type Options struct {
	// Level is how the library optimises: 1 sorts calls by priority, which is its
	// default, and 2 makes a binary tree.
	Level int
	// Priorities say which calls come first, by name: the higher, the earlier.
	Priorities map[string]uint8
}
