package record

import "golang.org/x/sys/unix"

// kernelRelease returns what uname(2) calls the release.
func kernelRelease() string {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return ""
	}
	return unix.ByteSliceToString(name.Release[:])
}
