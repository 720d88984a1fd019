// Command mksyscalls writes the generated files of package syscalls.
//
// Without flags it renders the committed data files (data/, architectures.txt,
// corrections.txt, enosys.txt, flagsets.txt) to Go. That gives the same bytes on every
// machine, and is what go generate runs. With -extract DIR, the source of a
// kernel, it first reads that and the facts of this machine into data/:
//
//   - numbers.txt: the tables in the source, the kernel headers and
//     golang.org/x/sys;
//   - entries.txt: the tables' entry points;
//   - constants.txt: the values of golang.org/x/sys that flagsets.txt asks for;
//   - prototypes.txt: the running kernel's tracefs and BTF. Needs root where
//     tracefs is not mounted or not readable;
//   - declarations.txt: the entry points that the source declares and the
//     running kernel does not have.
//
// Debian has the source in its packages linux-source-*, as a tar file.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	dir := flag.String("dir", ".", "directory of package syscalls")
	source := flag.String("extract", "", "read this `source` of a kernel, this machine's headers and kernel, and golang.org/x/sys into data/ first")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "mksyscalls: unexpected argument %q; see -help\n", flag.Arg(0))
		os.Exit(2)
	}
	if err := run(*dir, *source); err != nil {
		fmt.Fprintln(os.Stderr, "mksyscalls:", err)
		os.Exit(1)
	}
}

func run(dir, source string) error {
	if source != "" {
		if err := extractData(dir, source); err != nil {
			return fmt.Errorf("extracting the facts: %w", err)
		}
	}
	files, err := render(dir)
	if err != nil {
		return fmt.Errorf("rendering the data files: %w", err)
	}
	for name, content := range files {
		if err := writeFile(filepath.Join(dir, name), content); err != nil {
			return err
		}
	}
	return removeStale(dir, files)
}

// removeStale deletes generated files that the data no longer asks for.
func removeStale(dir string, current map[string][]byte) error {
	old, err := filepath.Glob(filepath.Join(dir, "z*.go"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if _, ok := current[filepath.Base(path)]; !ok {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeFile replaces a file in one step: a reader sees the old content or the
// new one, also when the program is killed.
func writeFile(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".mksyscalls-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}
