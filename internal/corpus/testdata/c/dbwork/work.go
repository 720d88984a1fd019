// Package dbwork has SQLite do what it can do, through whichever driver.
package dbwork

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Main works in a new directory below the one that the first argument names.
// With two arguments it is the other process: it holds a lock on the database
// that the second one names until its standard input ends.
func Main(driver string) {
	var err error
	switch len(os.Args) {
	case 2:
		err = work(driver, os.Args[1])
	case 3:
		err = hold(driver, os.Args[2])
	default:
		err = errors.New("it wants a directory")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, driver+":", err)
		os.Exit(1)
	}
}

func work(driver, root string) error {
	dir, err := os.MkdirTemp(root, "db-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, mode := range []string{"delete", "truncate", "persist", "memory", "off", "wal"} {
		if err := journal(driver, filepath.Join(dir, mode), mode); err != nil {
			return fmt.Errorf("journal_mode=%s: %w", mode, err)
		}
	}
	for _, step := range []func(driver, dir string) error{sorted, busy, broken} {
		if err := step(driver, dir); err != nil {
			return err
		}
	}
	return nil
}

// open opens a database through one connection, which the statements are for.
func open(driver, file string, statements ...string) (*sql.DB, error) {
	db, err := sql.Open(driver, file)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, run(db, statements...)
}

func run(db *sql.DB, statements ...string) error {
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

const fill = `INSERT INTO t(name, data) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 3000)
	SELECT 'name ' || (i * 7919 % 3000), randomblob(200) FROM n`

// journal changes a database under one kind of journal.
func journal(driver, file, mode string) error {
	db, err := open(driver, file,
		"PRAGMA page_size=4096", "PRAGMA journal_mode="+mode, "PRAGMA synchronous=full", "PRAGMA mmap_size=4194304",
		"CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, data BLOB)",
		"BEGIN", fill, "SAVEPOINT s", "DELETE FROM t WHERE id % 2", "ROLLBACK TO s", "COMMIT",
		"CREATE INDEX named ON t(name)", "BEGIN IMMEDIATE", "UPDATE t SET data = zeroblob(300)", "COMMIT",
		"DELETE FROM t WHERE id > 100", "PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA incremental_vacuum",
		"VACUUM INTO '"+file+".copy'", "ATTACH '"+file+".copy' AS other", "INSERT INTO other.t(name) VALUES ('x')", "DETACH other",
		"PRAGMA locking_mode=exclusive", "INSERT INTO t(name) VALUES ('alone')", "ANALYZE", "PRAGMA optimize")
	if err != nil {
		return err
	}
	defer db.Close()
	var count int
	var sound string
	if err := db.QueryRow("SELECT count(*), date('now', 'localtime') FROM t").Scan(&count, &sound); err != nil {
		return err
	}
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&sound); err != nil {
		return err
	}
	fmt.Println(mode, count, sound)
	return nil
}

// sorted sorts more than the cache holds, in temporary files.
func sorted(driver, dir string) error {
	db, err := open(driver, filepath.Join(dir, "sorted"), "PRAGMA temp_store=file", "PRAGMA cache_size=10", "PRAGMA cache_spill=1",
		"CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, data BLOB)", fill,
		"CREATE TEMP TABLE u AS SELECT data, name FROM t ORDER BY data", "UPDATE u SET name = name || name")
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.Query("SELECT DISTINCT data, name FROM t ORDER BY data DESC, name")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

// busy meets another process's lock, waits for its end, and succeeds then.
func busy(driver, dir string) error {
	file := filepath.Join(dir, "busy")
	db, err := open(driver, file, "PRAGMA journal_mode=wal", "CREATE TABLE t(id INTEGER PRIMARY KEY)", "PRAGMA busy_timeout=50")
	if err != nil {
		return err
	}
	defer db.Close()
	argv := append(strings.Fields(os.Getenv("EMULATOR")), os.Args[0], dir, file)
	other := exec.Command(argv[0], argv[1:]...)
	in, err := other.StdinPipe()
	if err != nil {
		return err
	}
	out, err := other.StdoutPipe()
	if err != nil {
		return err
	}
	if err := other.Start(); err != nil {
		return err
	}
	defer other.Wait()
	defer in.Close()
	if _, err := out.Read(make([]byte, 1)); err != nil {
		return fmt.Errorf("the other process does not lock: %w", err)
	}
	if err := run(db, "INSERT INTO t VALUES (1)"); err == nil || !strings.Contains(err.Error(), "locked") {
		return fmt.Errorf("a write while another process holds the lock: %v", err)
	}
	if err := in.Close(); err != nil {
		return err
	}
	return run(db, "PRAGMA busy_timeout=10000", "INSERT INTO t VALUES (1)")
}

// hold holds a lock.
func hold(driver, file string) error {
	db, err := open(driver, file, "BEGIN EXCLUSIVE", "INSERT INTO t VALUES (2)")
	if err != nil {
		return err
	}
	defer db.Close()
	fmt.Println("locked")
	os.Stdin.Read(make([]byte, 1))
	return run(db, "COMMIT")
}

// broken opens what cannot be opened.
func broken(driver, dir string) error {
	if db, err := open(driver, filepath.Join(dir, "missing", "db"), "CREATE TABLE t(id)"); err == nil {
		db.Close()
		return errors.New("a database is in a directory that is not there")
	}
	file := filepath.Join(dir, "text")
	if err := os.WriteFile(file, []byte(strings.Repeat("this is not a database\n", 1000)), 0o444); err != nil {
		return err
	}
	if db, err := open(driver, file, "CREATE TABLE t(id)"); err == nil {
		db.Close()
		return errors.New("a text is a database")
	}
	return nil
}
