// Sqlite has SQLite, in C, do its work.
package main

import (
	_ "github.com/mattn/go-sqlite3"

	"example.com/corpus/c/dbwork"
)

func main() { dbwork.Main("sqlite3") }
