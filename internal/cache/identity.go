package cache

import (
	"debug/elf"
	"encoding/hex"
	"os"
)

// identity returns what tells this build of curb from all others.
func identity() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	if id := buildID(path); id != "" {
		return id, nil
	}
	hash, err := hashFile(path)
	return hex.EncodeToString(hash), err
}

// buildID returns the Go build ID of an ELF file, "" where there is none. Its last
// part is a hash of what was linked (cmd/internal/buildid).
func buildID(path string) string {
	f, err := elf.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	s := f.Section(".note.go.buildid")
	if s == nil {
		return ""
	}
	note, err := s.Data()
	const header = 16 // three words, and the name "Go\0\0"
	if err != nil || len(note) < header || string(note[12:header]) != "Go\x00\x00" {
		return ""
	}
	size := f.ByteOrder.Uint32(note[4:])
	if uint64(size) > uint64(len(note)-header) {
		return ""
	}
	return string(note[header:][:size])
}
