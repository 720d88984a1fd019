//go:build !unix

package cache

import "io/fs"

// isPrivate trusts the user's profile, where other systems keep caches.
func isPrivate(info fs.FileInfo) bool { return info.IsDir() }
