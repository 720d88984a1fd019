package main

import (
	"encoding/json"
	"fmt"
	"io"
)

// printResult prints a result as JSON, or as text for a person.
func printResult(w io.Writer, asJSON bool, result any, text func(io.Writer) error) error {
	var err error
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		err = enc.Encode(result)
	} else {
		err = text(w)
	}
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}
