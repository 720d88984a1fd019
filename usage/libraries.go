package usage

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"text/tabwriter"
)

// writeLibraries says which libraries are loaded, and why.
func (u *Usage) writeLibraries(b *strings.Builder) {
	loaded := func(l LoaderFile) bool { return l.Loaded != "" }
	if !slices.ContainsFunc(u.Libraries, loaded) {
		return
	}
	b.WriteString("\n")
	tw := tabwriter.NewWriter(b, 0, 8, 2, ' ', 0)
	fmt.Fprintln(tw, "LIBRARY\tLOADED\tBUILD ID")
	converters := map[string]int{}
	for _, l := range u.Libraries {
		switch {
		case l.Loaded == LoadedByGconv:
			converters[path.Dir(l.Path)]++
		case loaded(l):
			fmt.Fprintf(tw, "%s\t%s\t%s\n", l.Path, l.why(), l.BuildID)
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(converters)) {
		fmt.Fprintf(tw, "%s/*.so\tperhaps, by libc.so.6, to convert characters: %d of them\t\n", dir, converters[dir])
	}
	tw.Flush() // a Builder takes all
}

// why says for what reason a library is loaded.
func (l LoaderFile) why() string {
	switch l.Loaded {
	case LoadedAsNeeded:
		return "needed by " + l.By
	case LoadedAsLoader:
		return "starts the program"
	case LoadedAsPreload:
		return "as /etc/ld.so.preload says"
	case LoadedByNSS:
		return "by " + l.By + ", as nsswitch.conf says"
	case LoadedByDlopen:
		return "dlopen in " + l.By
	case LoadedAsAssumed:
		return "assumed (--assume-dlopen)"
	}
	return "by " + l.By
}

// Assuming says what the list takes for granted, as a part of a sentence.
func (u *Usage) Assuming() string {
	var text strings.Builder
	var files []string
	for _, a := range u.Assumes {
		file, dlopen := strings.CutPrefix(a, "dlopen=")
		switch {
		case a == "env":
			text.WriteString(", if nobody sets GODEBUG or GOTRACEBACK")
		case dlopen:
			files = append(files, file)
		}
	}
	switch {
	case slices.Equal(files, []string{"none"}):
		text.WriteString(", if no library is loaded by a name that cannot be told")
	case len(files) > 0:
		text.WriteString(", if no other library than " + strings.Join(files, ", ") + " is loaded by a name that cannot be told")
	}
	return text.String()
}
