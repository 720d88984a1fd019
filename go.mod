module github.com/gocurb/curb

go 1.26.0
