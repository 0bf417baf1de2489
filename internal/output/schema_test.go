package output

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

func TestColumnsAreDocumented(t *testing.T) {
	columns := Columns()
	if len(columns) < 60 {
		t.Fatalf("%d columns", len(columns))
	}
	seen := make(map[string]bool)
	for _, c := range columns {
		if c.Name == "" || c.Name != strings.ToLower(c.Name) || seen[c.Name] {
			t.Errorf("name %q", c.Name)
		}
		seen[c.Name] = true
		if c.Doc == "" || strings.Contains(c.Doc, "codes.") || strings.ContainsAny(c.Doc, "|\n`") {
			t.Errorf("%s: doc %q", c.Name, c.Doc)
		}
	}
}

// Each set of words that a tag names is listed, and no other.
func TestColumnsOfClosedSets(t *testing.T) {
	for prefix, columns := range map[string]reflect.Type{"": reflect.TypeFor[Row](), "mx.": reflect.TypeFor[MXHost]()} {
		for field := range columns.Fields() {
			name, _ := columnTag(field)
			if says, has := field.Tag.Get("words") != "", closedSet(prefix+name) != nil; says != has {
				t.Errorf("%s: the tag names a set: %v; there is one: %v", prefix+name, says, has)
			}
		}
	}
}

// Reader and writer of other languages see the schema that the file has, so
// the dictionary must say the same.
func TestColumnsAgainstParquet(t *testing.T) {
	fields := parquet.SchemaOf(Row{}).Fields()
	columns := Columns()
	if len(fields) != len(columns) {
		t.Fatalf("%d fields, %d columns", len(fields), len(columns))
	}
	types := map[string]string{
		"string":                  "STRING",
		"boolean":                 "BOOLEAN",
		"int32":                   "INT(32,true)",
		"int64":                   "INT(64,true)",
		"binary":                  "BYTE_ARRAY",
		"timestamp":               "TIMESTAMP(isAdjustedToUTC=true,unit=MICROS)",
		"list of string":          "LIST",
		"list of binary":          "LIST",
		"list of int32":           "LIST",
		"list of structure":       "LIST",
		"map of string to string": "MAP",
	}
	for i, f := range fields {
		c := columns[i]
		if f.Name() != c.Name || f.Optional() != c.Nullable || f.Repeated() {
			t.Errorf("column %d: %s, optional %v, repeated %v; the dictionary says %+v",
				i, f.Name(), f.Optional(), f.Repeated(), c)
		}
		if got, want := f.Type().String(), types[c.Type]; got != want {
			t.Errorf("%s: %s is %s, not %q", c.Name, c.Type, got, want)
		}
	}
}

func TestDictionary(t *testing.T) {
	text := dictionary()
	for _, want := range []string{
		"| `domain` | string | never | 2 | Policy Domain in A-labels, lower case, no final dot |\n",
		"| `record` | string | never | 3.1 | class of the record: `valid` `invalid` `multiple` `absent` `unknown` |\n",
		"| `txt` | list of binary | possible |",
		"| `tags` | map of string to string | possible |",
		"| `mx` | list of structure | possible |",
		"| `mx.host` | string | never |",
		"| `mx.tlsa` | string | possible | RFC 7672, 2.2 | its TLSA records for port 25 (RFC 7672): `usable`",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
	if got, want := strings.Count(text, "\n"), 2+len(Columns())+reflect.TypeFor[MXHost]().NumField(); got != want {
		t.Errorf("%d lines, want %d", got, want)
	}
}

// A column says which section of an RFC it is about, or is one of the survey's
// own; a unit that its name ends in is in its words too.
func TestColumnsHaveSections(t *testing.T) {
	own := strings.Fields(`rank list list_rank tld registered_labels tags error resolver attempts lookup_ms
		tried_addrs tried_outcomes tried_ms ipv4 ipv6 addr cert_sha256 dns_ms connect_ms tls_ms http_ms body_ms policy_sha256
		mx.addr mx.cert_sha256 findings observed_at pass vantage pending`)
	for _, c := range Flat(Columns()) {
		if slices.Contains(own, c.Name) == (c.Section != "") {
			t.Errorf("%s: section %q", c.Name, c.Section)
		}
		for suffix, unit := range map[string]string{"_ms": "milliseconds", "_bytes": "bytes"} {
			if strings.HasSuffix(c.Name, suffix) && !strings.Contains(c.Doc, unit) {
				t.Errorf("%s: %q does not speak of %s", c.Name, c.Doc, unit)
			}
		}
	}
}

// Where NULL is decided by the zero value, rows with different columns NULL
// must not be taken for alike.
func TestAbsentLooksAtEveryColumn(t *testing.T) {
	row := reflect.TypeFor[Row]()
	seen := make(map[uint64]string)
	for i := range row.NumField() {
		field := row.Field(i)
		name, nullable := columnTag(field)
		kind := field.Type.Kind()
		list := kind == reflect.Slice && field.Type.Elem().Kind() != reflect.Uint8
		if !nullable || list || kind == reflect.Pointer {
			continue
		}
		r := every("example.com", 1)
		reflect.ValueOf(r).Elem().Field(i).SetZero()
		set := absent(r)
		if set == absent(every("example.com", 1)) || seen[set] != "" {
			t.Errorf("%s: %b is that of %q", name, set, seen[set])
		}
		seen[set] = name
	}
	if len(seen) < 20 {
		t.Errorf("%d columns", len(seen))
	}
}

// Each text that a row can hold must pass the check, or a file could be
// written that readers refuse.
func TestCheckRowLooksAtEveryText(t *testing.T) {
	if err := checkRow(every("example.com", 1)); err != nil {
		t.Fatal(err)
	}
	bad := "a\xffb"
	row := reflect.TypeFor[Row]()
	for i := range row.NumField() {
		name, nullable := columnTag(row.Field(i))
		var broken []func(reflect.Value)
		switch kind := row.Field(i).Type; kind {
		case reflect.TypeFor[string]():
			broken = append(broken, func(v reflect.Value) { v.SetString(bad) })
			if !nullable {
				broken = append(broken, func(v reflect.Value) { v.SetString("") })
			}
		case reflect.TypeFor[[]string]():
			broken = append(broken, func(v reflect.Value) { v.Set(reflect.ValueOf([]string{"good", bad})) })
		case reflect.TypeFor[map[string]string]():
			broken = append(broken,
				func(v reflect.Value) { v.Set(reflect.ValueOf(map[string]string{"a": bad})) },
				func(v reflect.Value) { v.Set(reflect.ValueOf(map[string]string{bad: "a"})) })
		case reflect.TypeFor[[]MXHost]():
			for f := range reflect.TypeFor[MXHost]().NumField() {
				switch reflect.TypeFor[MXHost]().Field(f).Type {
				case reflect.TypeFor[string]():
					broken = append(broken, func(v reflect.Value) { v.Index(0).Field(f).SetString(bad) })
				case reflect.TypeFor[*string]():
					broken = append(broken, func(v reflect.Value) { v.Index(0).Field(f).Set(reflect.ValueOf(new(bad))) })
				}
			}
		}
		for _, damage := range broken {
			r := every("example.com", 1)
			damage(reflect.ValueOf(r).Elem().Field(i))
			err, _ := checkRow(r).(*RowError)
			if err == nil || err.Column != name {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
