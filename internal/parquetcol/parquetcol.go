// Package parquetcol encodes row groups of Apache Parquet whose rows have values in few columns, and few different
// ones in most of those. The Parquet library spends 3 us on such a row, most of it on saying of each column, one by
// one and level by level, that it is NULL. Here a column that is NULL throughout is a few octets, and a row costs
// what its own columns cost. The encodings of values are the library's.
//
// Pages are of version 2 and compressed with Zstandard (RFC 8878). There is no index of pages, and no column of
// floating-point numbers, structures or maps that is not NULL. The package writes neither the beginning nor the
// footer of a file, and reads nothing.
package parquetcol
