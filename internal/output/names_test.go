package output

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// shownColumns are the columns with the names in place of the counts of their labels.
func shownColumns() []Column {
	columns := slices.DeleteFunc(Columns(), func(c Column) bool { return c.LabelsOf == "zone" })
	for i := range columns {
		if columns[i].LabelsOf != "" {
			columns[i].Name = columns[i].LabelsOf
		}
	}
	return columns
}

// Each name is given as it was set, and stored as a count of labels where that can be.
func TestNames(t *testing.T) {
	const domain = "www.example.co.uk"
	for _, tt := range []struct {
		name   string
		labels int32 // -1: it is stored as a text
	}{
		{".", 0},
		{"uk", 1},
		{"co.uk", 2},
		{"example.co.uk", 3},
		{"www.example.co.uk", 4},
		{"_mta-sts.www.example.co.uk", 5},

		{"o.uk", -1},
		{"k", -1},
		{".uk", -1},
		{"net", -1},
		{"CO.uk", -1}, // names are given as they were seen
		{"xww.example.co.uk", -1},
		{"mta-sts.www.example.co.uk", -1},
		{"_mta-sts.xww.example.co.uk", -1},
		{"x._mta-sts.www.example.co.uk", -1},
		{"a.www.example.co.uk", -1},
		{"example.net", -1},
		{strings.Repeat("a.", 120) + "www.example.co.uk", -1},
	} {
		r := &Row{Domain: domain, ZoneLabels: new(int32(9)), Zone: "left over"}
		r.SetZoneName(tt.name)
		switch stored := r.ZoneLabels != nil; {
		case stored != (tt.labels >= 0), stored && (*r.ZoneLabels != tt.labels || r.Zone != ""), !stored && r.Zone != tt.name:
			t.Errorf("%s is stored as %v and %q", tt.name, r.ZoneLabels, r.Zone)
		}
		if got := r.ZoneName(); got != tt.name {
			t.Errorf("%s is given as %s", tt.name, got)
		}
		if tt.labels < 2 || tt.labels > 4 {
			continue
		}
		if r.SetRegisteredDomain(tt.name); *r.RegisteredLabels != tt.labels || r.RegisteredDomain() != tt.name {
			t.Errorf("%s is stored as %d, and given as %s", tt.name, *r.RegisteredLabels, r.RegisteredDomain())
		}
	}

	r := every(domain, 1)
	r.SetZoneName("")
	r.SetRegisteredDomain("")
	stored := r.Zone != "" || r.ZoneLabels != nil || r.RegisteredLabels != nil
	if stored || r.ZoneName() != "" || r.RegisteredDomain() != "" {
		t.Errorf("what was not observed is not NULL: %+v", r)
	}
	if labels, ok := ZoneLabels("com", "com"); labels != 1 || !ok {
		t.Errorf("the zone of a top-level domain has %d labels, %v", labels, ok)
	}
}

// Counts that cannot be, in a damaged file, give some name all the same.
func TestNamesOfWrongCounts(t *testing.T) {
	for labels, want := range map[int32]string{-1: ".", 0: ".", 3: "_mta-sts.example.com", 4: "_mta-sts.example.com"} {
		if got := (&Row{Domain: "example.com", ZoneLabels: &labels}).ZoneName(); got != want {
			t.Errorf("%d labels are %q, want %q", labels, got, want)
		}
	}
}

// Each tag "name" is of a column that counts labels, and the name can be given.
func TestNameTags(t *testing.T) {
	var names []string
	for field := range reflect.TypeFor[Row]().Fields() {
		name := field.Tag.Get("name")
		column, _ := columnTag(field)
		if (name != "") != strings.HasSuffix(column, "_labels") {
			t.Errorf("%s has the tag %q", column, name)
		}
		if name == "" {
			continue
		}
		if names = append(names, name); nameOf(name) == nil {
			t.Errorf("%s is not given", name)
		}
	}
	if len(names) != 2 {
		t.Errorf("names %q", names)
	}
}
