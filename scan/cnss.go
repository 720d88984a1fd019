package scan

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/gocurb/curb/internal/elfimage"
	"github.com/gocurb/curb/usage"
)

// defaults are the services that glibc uses for a database of which nsswitch.conf says
// nothing (nss/nss_database.c): those of all its releases.
var defaults = map[string][]string{
	"passwd": {"compat", "files"}, "group": {"compat", "files"}, "shadow": {"compat", "files"}, "gshadow": {"files"},
	"hosts": {"dns", "files"}, "networks": {"dns", "files"}, "initgroups": nil,
	"passwd_compat": {"nis"}, "group_compat": {"nis"}, "shadow_compat": {"nis"},
	"aliases": {"nis", "files"}, "ethers": {"nis", "files"}, "netgroup": {"nis", "files"}, "protocols": {"nis", "files"},
	"rpc": {"nis", "files"}, "services": {"nis", "files"}, "publickey": {"nis", "nisplus"},
}

// others are databases that other programs than the C library look up.
var others = []string{"sudoers", "automount", "subid"}

// services returns the services by which the C library looks names up, as
// nsswitch.conf(5) has them.
func services(l *elfimage.Loader) ([]string, error) {
	content, err := l.ReadFile("/etc/nsswitch.conf")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	said := map[string]bool{}
	var out []string
	for text := range strings.Lines(string(content)) {
		line, _, _ := strings.Cut(text, "#")
		database, list, _ := strings.Cut(line, ":")
		database = strings.TrimSpace(database)
		if slices.Contains(others, database) {
			continue
		}
		said[database] = true
		for name := range strings.FieldsSeq(dropActions(list)) {
			if strings.Contains(name, "/") {
				return nil, fmt.Errorf("/etc/nsswitch.conf has a service %q for %s, whose module can be anywhere", name, database)
			}
			out = append(out, name)
		}
	}
	for database, list := range defaults {
		if !said[database] {
			out = append(out, list...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// configures loads the modules of services that a program asks for by itself, in the way
// of nsswitch.conf.
func (c *clib) configures(lists []string) {
	for _, list := range lists {
		for name := range strings.FieldsSeq(dropActions(list)) {
			if err := c.load(usage.LoadedByNSS, libc(c.l), "libnss_"+name+".so.2"); err != nil {
				c.unresolved(none, 0, "it asks for names: "+err.Error())
			}
		}
	}
}

// dropActions takes away what stands in brackets: what is to be done after a service
// has answered.
func dropActions(list string) string {
	var out strings.Builder
	for list != "" {
		before, rest, _ := strings.Cut(list, "[")
		out.WriteString(before + " ")
		_, list, _ = strings.Cut(rest, "]")
	}
	return out.String()
}
