package page

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Table is in Markdown, by rows, of which the first is the header.
type Table [][]string

// String aligns the columns, for those who read the page as text: the first to the
// left, figures to the right.
func (t Table) String() string {
	width := make([]int, len(t[0]))
	for _, row := range t {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell), 3)
		}
	}
	var text strings.Builder
	for r, row := range t {
		for i, cell := range row {
			if i == 0 {
				fmt.Fprintf(&text, "| %-*s |", width[i], cell)
			} else {
				fmt.Fprintf(&text, " %*s |", width[i], cell)
			}
		}
		text.WriteByte('\n')
		if r > 0 {
			continue
		}
		for i := range row {
			if i == 0 {
				text.WriteString("| " + strings.Repeat("-", width[i]) + " |")
			} else {
				text.WriteString(" " + strings.Repeat("-", width[i]-1) + ": |")
			}
		}
		text.WriteByte('\n')
	}
	return text.String()
}
