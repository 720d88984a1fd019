//go:build !linux

package record

func kernelRelease() string { return "" }
