package usage

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/gocurb/curb/internal/replace"
)

// Write writes usages as JSON, one after the other, as a Decoder reads them.
func Write(w io.Writer, usages ...*Usage) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	for _, u := range usages {
		versioned := *u
		versioned.Version = Version
		if err := enc.Encode(&versioned); err != nil {
			return err
		}
	}
	return nil
}

// WriteFile writes usages into a file, which takes its place when it is complete:
// whatever goes wrong, what was there before stays. What is there and is no
// regular file, such as /dev/stdout or a pipe, is written to as it is.
func WriteFile(path string, usages ...*Usage) error {
	err := replace.Write(path, func(w io.Writer) error { return Write(w, usages...) })
	if err != nil {
		return fmt.Errorf("write the usage to %s: %w", path, err)
	}
	return nil
}
