package elfimage

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// The dynamic loader of musl is its C library, too (musl, ldso/dynlink.c).

// muslArch returns for which architecture a dynamic loader is, if it is musl's.
func muslArch(interp string) string {
	arch, ok := strings.CutPrefix(path.Base(interp), "ld-musl-")
	if !ok {
		return ""
	}
	return strings.TrimSuffix(arch, ".so.1")
}

// Musl reports whether the program's dynamic loader is musl's.
func (l *Loader) Musl() bool { return l.musl != "" }

// inMusl reports whether a library of that name is in the loader itself.
func inMusl(name string) bool {
	rest, ok := strings.CutPrefix(name, "lib")
	parts := []string{"c.", "pthread.", "rt.", "m.", "dl.", "util.", "xnet."}
	return ok && slices.ContainsFunc(parts, func(part string) bool { return strings.HasPrefix(rest, part) })
}

// muslDirs returns where musl looks for libraries: what a file says beside the
// directory that the loader is in.
func (l *Loader) muslDirs(interp string) []string {
	prefix := path.Dir(path.Dir(path.Clean(interp)))
	content, err := l.ReadFile(path.Join(prefix, "etc", "ld-musl-"+l.musl+".path"))
	if err != nil {
		return []string{"/lib", "/usr/local/lib", "/usr/lib"}
	}
	return strings.FieldsFunc(string(content), func(r rune) bool { return r == ':' || r == '\n' })
}

// muslPlaces returns where musl looks for a library of that name, in order.
func (l *Loader) muslPlaces(name string, by *Image) ([]libraryPlace, error) {
	if strings.Contains(name, "/") {
		return l.named(name, by)
	}
	var out []libraryPlace
	for im := by; im != nil; im = l.parent[im] {
		dirs, err := l.expand(cmp.Or(im.RunPath, im.RPath), im)
		if err != nil {
			return nil, err
		}
		for _, dir := range dirs {
			out = append(out, libraryPlace{path.Join(dir.path, name), false})
		}
	}
	for _, dir := range l.dirs {
		out = append(out, libraryPlace{path.Join(dir, name), false})
	}
	return out, nil
}
