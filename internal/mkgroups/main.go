package main

import (
	"context"
	"flag"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("root", ".", "the module's root `directory`")
	flag.Parse()
	if err := run(context.Background(), *root); err != nil {
		fmt.Fprintln(os.Stderr, "mkgroups:", err)
		os.Exit(1)
	}
}

// run writes the two files.
func run(ctx context.Context, root string) error {
	groups, err := derive(ctx, filepath.Join(root, "internal/mkgroups/testdata"))
	if err != nil {
		return err
	}
	source, err := format.Source(goSource(groups))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, "zgroups.go"), source, 0o666); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, "docs/groups.md"), document(groups), 0o666)
}
