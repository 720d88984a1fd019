// Package page makes tables and puts them into a page of the documentation.
package page

import (
	"bytes"
	"fmt"
	"os"
)

// Replace puts the tables in their places in the page, all or none: each between a
// line "<!-- SECTION NAME -->" and the next "<!-- end -->".
func Replace(page, section string, tables map[string]string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	for name, table := range tables {
		begin := fmt.Appendf(nil, "<!-- %s %s -->\n", section, name)
		end := []byte("<!-- end -->\n")
		before, rest, found := bytes.Cut(text, begin)
		_, after, closed := bytes.Cut(rest, end)
		if !found || !closed {
			return fmt.Errorf("%s has no place for the table %s: the lines %q and %q", page, name, begin, end)
		}
		text = bytes.Join([][]byte{before, begin, []byte(table), end, after}, nil)
	}
	written := page + ".new"
	if err := os.WriteFile(written, text, 0o644); err != nil {
		return err
	}
	return os.Rename(written, page)
}
