package scan

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gocurb/curb/internal/elfimage"
)

// What glibc loads by itself while the program runs: modules for names of hosts,
// users and groups, as nsswitch.conf has them, the unwinder for threads that
// end, and what makes names of hosts with letters beyond ASCII.
const (
	unwinder = "libgcc_s.so.1"
	hosts    = "libidn2.so.0"
)

// lookedUp reports whether the C library looks for a function of that name in
// what it loads.
func lookedUp(symbol string) bool {
	switch symbol {
	case "_Unwind_Resume", "__gcc_personality_v0", "_Unwind_ForcedUnwind", "_Unwind_GetCFA", "_Unwind_Backtrace", "_Unwind_GetIP",
		"idn2_lookup_ul", "idn2_to_unicode_lzlz":
		return true
	}
	return strings.HasPrefix(symbol, "_nss_")
}

// loadAtRunTime loads them too, as far as they are there.
func loadAtRunTime(l *elfimage.Loader) error {
	i := slices.IndexFunc(l.Images, func(im *elfimage.Image) bool { return im.Name == "libc.so.6" })
	if i < 0 {
		return nil
	}
	names := []string{unwinder, hosts}
	services, err := services(l)
	if err != nil {
		return err
	}
	for _, s := range services {
		names = append(names, "libnss_"+s+".so.2")
	}
	for _, name := range names {
		if _, err := l.Load(name, l.Images[i]); err != nil && !errors.Is(err, elfimage.ErrNotFound) {
			return fmt.Errorf("%s, which the C library loads: %w", name, err)
		}
	}
	return l.LoadAll()
}

// services returns the services by which names are looked up (nsswitch.conf(5)),
// and those that are used where nothing is said.
func services(l *elfimage.Loader) ([]string, error) {
	out := []string{"files", "dns"}
	content, err := l.ReadFile("/etc/nsswitch.conf")
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	} else if err != nil {
		return nil, err
	}
	for text := range strings.Lines(string(content)) {
		line, _, _ := strings.Cut(text, "#")
		_, list, _ := strings.Cut(line, ":")
		for _, word := range strings.Fields(strings.NewReplacer("[", " [", "]", "] ").Replace(list)) {
			if !strings.ContainsAny(word, "[]=/") && filepath.Base(word) == word && !slices.Contains(out, word) {
				out = append(out, word)
			}
		}
	}
	return out, nil
}

// watched are functions of the C library that load other code, or find it, by
// names that are not followed. (What the loader exports is for the C library.)
var watched = map[string]string{
	"dlopen":     "it can load any library",
	"dlmopen":    "it can load any library",
	"iconv_open": "it loads modules that convert characters, which are not followed",
	"dlsym":      "it can call any function of any library",
	"dlvsym":     "it can call any function of any library",
}

// findNotable finds the functions whose callers matter.
func (c *clib) findNotable() {
	for name := range watched {
		for i, im := range c.images {
			for _, s := range im.Find(name, "") {
				c.notable[cplace{i, s.Addr}] = name
			}
		}
	}
}
