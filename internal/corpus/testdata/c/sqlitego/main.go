// Sqlitego has SQLite, translated from C to Go with the C library that it
// calls, do its work.
package main

import (
	_ "modernc.org/sqlite"

	"example.com/corpus/c/dbwork"
)

func main() { dbwork.Main("sqlite") }
