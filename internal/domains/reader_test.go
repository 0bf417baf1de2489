package domains

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"stsscan/internal/listfile"
)

// read reads a whole list and formats entries as "line:text", with list rank, tags and reason, if any.
func read(text string, layout Layout) (entries []string, skipped int64, format Format, err error) {
	// Reading one octet at a time finds what a window hides.
	for i, in := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
		var got []string
		r, err := NewReader("list", in, layout)
		if err != nil {
			return nil, 0, "", err
		}
		var e Entry
		for {
			if err = r.Next(&e); err != nil {
				break
			}
			s := fmt.Sprintf("%d:%s", e.Line, Printable(e.Text))
			if e.ListRank != 0 {
				s += fmt.Sprintf(" #%d", e.ListRank)
			}
			for _, tag := range e.Tags {
				s += fmt.Sprintf(" [%s]", Printable(tag))
			}
			if e.Reason != "" {
				s += " " + string(e.Reason)
			}
			got = append(got, s)
		}
		if i > 0 && !slices.Equal(got, entries) {
			return got, 0, "", fmt.Errorf("octet by octet %q, at once %q", got, entries)
		}
		entries, skipped, format = got, r.Skipped(), r.Format()
		if err != io.EOF {
			return entries, skipped, format, err
		}
	}
	return entries, skipped, format, nil
}

// readTests are lists and their entries.
func readTests() []struct {
	name, text string
	layout     Layout
	format     Format
	want       []string
	skipped    int64
} {
	wide := strings.Repeat("x", maxLine)
	return []struct {
		name, text string
		layout     Layout
		format     Format
		want       []string
		skipped    int64
	}{
		{name: "empty", text: "", format: FormatPlain},
		{name: "blank", text: "\n\r\n \t\n", format: FormatPlain, skipped: 3},

		// Plain.
		{name: "plain", text: "# names\na.com\n\nb.com  \n  c.com # with a dot\n#d.com\n", format: FormatPlain,
			want: []string{"2:a.com", "4:b.com", "5:c.com"}, skipped: 3},
		{name: "no final line end", text: "a.com\nb.com", format: FormatPlain, want: []string{"1:a.com", "2:b.com"}},
		{name: "CRLF", text: "a.com\r\nb.com\r\n", format: FormatPlain, want: []string{"1:a.com", "2:b.com"}},
		{name: "CR", text: "a.com\rb.com\r\r", format: FormatPlain, want: []string{"1:a.com", "2:b.com"}, skipped: 1},
		{name: "hash inside", text: "a#b.com\n", format: FormatPlain, want: []string{"1:a#b.com"}},
		{name: "NUL and no UTF-8", text: "a\x00.com\n\xff\xfe.com\n", format: FormatPlain, want: []string{`1:a\u0000.com`, `2:\xff\xfe.com`}},
		{name: "longest line", text: wide + "\r\na.com\n", format: FormatPlain, want: []string{"1:" + wide[:256], "2:a.com"}},
		{name: "longest line, CR", text: wide + "\ra.com\n", format: FormatPlain, want: []string{"1:" + wide[:256], "2:a.com"}},
		{name: "longest line at the end", text: wide, format: FormatPlain, want: []string{"1:" + wide[:256]}},
		{name: "line too long", text: wide + "x\na.com\n", format: FormatPlain, want: []string{"1:" + wide[:256] + " line_too_long", "2:a.com"}},
		{name: "line too long, CRLF", text: wide + "xx\r\na.com\n", format: FormatPlain, want: []string{"1:" + wide[:256] + " line_too_long", "2:a.com"}},
		{name: "line too long, CR", text: wide + "xx\ra.com\n", format: FormatPlain, want: []string{"1:" + wide[:256] + " line_too_long", "2:a.com"}},
		{name: "line too long at the end", text: "a.com\n" + wide + "x", format: FormatPlain, want: []string{"1:a.com", "2:" + wide[:256] + " line_too_long"}},
		{name: "lines too long", text: wide + wide + wide + "\n" + wide + wide + "\na.com", format: FormatPlain,
			want: []string{"1:" + wide[:256] + " line_too_long", "2:" + wide[:256] + " line_too_long", "3:a.com"}},
		{name: "long comment", text: "#" + wide + wide + "\na.com\n", format: FormatPlain, want: []string{"2:a.com"}, skipped: 1},

		// CSV.
		{name: "Tranco", text: "1,google.com\r\n2,b.com\r\n", format: FormatCSV, want: []string{"1:google.com #1", "2:b.com #2"}},
		{name: "Umbrella", text: "1,com\n2,b.com\n", format: FormatCSV, want: []string{"1:com #1", "2:b.com #2"}},
		{name: "Majestic", text: "GlobalRank,TldRank,Domain,TLD\n1,1,a.com,com\n2,2,b.com,com\n", format: FormatCSV,
			want: []string{"2:a.com #1", "3:b.com #2"}, skipped: 1},
		{name: "portfolio", text: "Domain name,Domain type,City\na.gov,City,Ames\nb.gov,\"State, or so\",\"the \"\"B\"\"\"\n",
			layout: Layout{Tags: []string{"city", "DOMAIN TYPE"}}, format: FormatCSV,
			want: []string{"2:a.gov [Ames] [City]", `3:b.gov [the "B"] [State, or so]`}, skipped: 1},
		{name: "one column", text: "Domain\na.com\n", format: FormatCSV, want: []string{"2:a.com"}, skipped: 1},
		{name: "one column, named", text: "Zones\na.com\n", layout: Layout{DomainColumn: "zones"}, format: FormatCSV, want: []string{"2:a.com"}, skipped: 1},
		{name: "Chrome UX Report", text: "origin,rank\nhttps://www.example.com,1000\nhttp://Example.com:8080,1000\nHTTPS://[2001:db8::1],5000\n", format: FormatCSV,
			want: []string{"2:https://www.example.com #1000", "3:http://Example.com:8080 #1000", "4:HTTPS://[2001:db8::1] #5000"}, skipped: 1},
		{name: "origins alone", text: "origin\nhttps://www.example.com\n", format: FormatCSV, want: []string{"2:https://www.example.com"}, skipped: 1},
		{name: "origins without a header", text: "https://www.example.com,1000\nhttps://,1000\nb.com,1\n", format: FormatCSV,
			want: []string{"1:https://www.example.com", "2:https://", "3:b.com"}},
		{name: "URLs beside ranks", text: "1,https://a.com/x\n2, https://u@b.com/y?z \n", format: FormatCSV, want: []string{"1:https://a.com/x #1", "2: https://u@b.com/y?z  #2"}},
		{name: "URLs in a column by name", text: "home\thome page\nx\thttps://a.com/\n", layout: Layout{DomainColumn: "home page"}, format: FormatCSV, want: []string{"2:https://a.com/"}, skipped: 1},
		{name: "a domain rather than a URL", text: "url,domain\nhttps://www.a.com/,a.com\n", format: FormatCSV, want: []string{"2:a.com"}, skipped: 1},
		{name: "URLs alone, as CSV", text: "https://a.com/\nb.com\n", layout: Layout{Format: FormatCSV}, format: FormatCSV, want: []string{"1:https://a.com/", "2:b.com"}},
		{name: "no header, addresses", text: "Jane,jane@a.com\nBob,bob@b.com\n", format: FormatCSV, want: []string{"1:jane@a.com", "2:bob@b.com"}},
		{name: "no header, a name and an address", text: "jane@a.com,b.com\n", format: FormatCSV, want: []string{"1:b.com"}},
		{name: "URLs in a plain list", text: "https://a.com/\nb.com\n", format: FormatPlain, want: []string{"1:https://a.com/", "2:b.com"}},
		{name: "semicolons", text: "id;host\n1;a.com\n", format: FormatCSV, want: []string{"2:a.com"}, skipped: 1},
		{name: "tabs", text: "rank\tfqdn\n7\ta.com\n", format: FormatCSV, want: []string{"2:a.com #7"}, skipped: 1},
		{name: "header behind a hash", text: "# made today\n#rank,domain\n1,a.com\n", format: FormatCSV, want: []string{"3:a.com #1"}, skipped: 2},
		{name: "comments and blanks", text: "\n# x\ndomain,y\n\n#z\na.com,1\n,,\n", format: FormatCSV, want: []string{"6:a.com", "7:"}, skipped: 5},
		{name: "the surest header", text: "name,domain\nAcme,a.com\n", format: FormatCSV, want: []string{"2:a.com"}, skipped: 1},
		{name: "no header, one name", text: "a.com,Acme\nb.com,Bee\n", format: FormatCSV, want: []string{"1:a.com", "2:b.com"}},
		{name: "no header, three columns", text: "1,a.com,x\n2,b.com,y\n", format: FormatCSV, want: []string{"1:a.com #1", "2:b.com #2"}},
		{name: "column by number", text: "a.com,b.com\nc.com,d.com\n", layout: Layout{DomainColumn: "2"}, format: FormatCSV, want: []string{"1:b.com", "2:d.com"}},
		{name: "column by number, with header", text: "x,y\nc.com,d.com\n", layout: Layout{DomainColumn: "2", Tags: []string{"x"}}, format: FormatCSV,
			want: []string{"2:d.com [c.com]"}, skipped: 1},
		{name: "header like a number", text: "2,1\na.com,b.com\n", layout: Layout{DomainColumn: "2"}, format: FormatCSV, want: []string{"2:a.com"}, skipped: 1},
		{name: "short record", text: "x,domain,y\n1\n2,b.com\n", layout: Layout{Tags: []string{"y"}}, format: FormatCSV, want: []string{"2: []", "3:b.com []"}, skipped: 1},
		{name: "bad ranks", text: "rank,domain\n-1,a.com\n1e3,b.com\n99999999999999999999,c.com\n 5 ,d.com\n", format: FormatCSV,
			want: []string{"2:a.com", "3:b.com", "4:c.com", "5:d.com #5"}, skipped: 1},
		{name: "record over lines", text: "domain,x\n\"a.com\",\"one\r\ntwo\n\rthree\"\r\nb.com,y\n", layout: Layout{Tags: []string{"x"}}, format: FormatCSV,
			want: []string{`2:a.com [one\u000d\u000atwo\u000a\u000dthree]`, "6:b.com [y]"}, skipped: 1},
		{name: "quotes at the end", text: "domain,x\na.com,\"\"", layout: Layout{Tags: []string{"x"}}, format: FormatCSV, want: []string{"2:a.com []"}, skipped: 1},
		{name: "spaces around quotes", text: "x, \"domain\" \n1, \"a.com\" \n", format: FormatCSV, want: []string{"2:a.com"}, skipped: 1},
		{name: "stray quote", text: "domain,x\na.com,\"oops\nb.com,y\nc.com,z\n", format: FormatCSV,
			want: []string{`2:a.com,"oops csv_quote`, "3:b.com", "4:c.com"}, skipped: 1},
		{name: "text behind a quote", text: "domain,x\n\"a.com\"x,1\nb.com,y\n", format: FormatCSV,
			want: []string{`2:"a.com"x,1 csv_quote`, "3:b.com"}, skipped: 1},
		{name: "quote that no window holds", text: "domain,x\na.com,\"" + strings.Repeat("long\n", 1000) + "\"\n", format: FormatCSV,
			want: append(append([]string{`2:a.com,"long csv_quote`}, numbered(3, 1001, "long")...), `1002:" csv_quote`), skipped: 1},
		{name: "record that ends beyond its window", text: "domain,x\na.com,\"\n" + strings.Repeat("y", maxLine-8) + "\"\r\nb.com,z\n", format: FormatCSV,
			want: []string{`2:a.com," csv_quote`, "3:" + strings.Repeat("y", 256), "4:b.com"}, skipped: 1},
		{name: "comment like a header", text: "#domain\nx,host\n1,a.com\n", format: FormatCSV, want: []string{"3:a.com"}, skipped: 2},
		{name: "CSV line too long", text: "domain,x\na.com," + wide + "\nb.com,y\n", format: FormatCSV,
			want: []string{"2:" + ("a.com," + wide)[:256] + " line_too_long", "3:b.com"}, skipped: 1},

		// Separators.
		{name: "vertical bars", text: "rank|domain\n1|a.com\n", format: FormatCSV, want: []string{"2:a.com #1"}, skipped: 1},
		{name: "the header tells the separator", text: "domain;note, or so, or none\na.com;x, y, z\n", layout: Layout{Tags: []string{"note, or so, or none"}}, format: FormatCSV,
			want: []string{"2:a.com [x, y, z]"}, skipped: 1},
		{name: "the column that is asked for tells the separator", text: "zone;a,b,c\na.com;,,\n", layout: Layout{DomainColumn: "Zone"}, format: FormatCSV, want: []string{"2:a.com"}, skipped: 1},
		{name: "the first lines tell the separator", text: "1;a.com;M, N, O\n2;b.com;P\n3;c.com;\"Q;;;\"\n", format: FormatCSV,
			want: []string{"1:a.com #1", "2:b.com #2", "3:c.com #3"}},
		{name: "separators in quotes", text: "\"owner, or so\"|\"domain\"\n\"x|y\"|a.com\n", layout: Layout{Tags: []string{"owner, or so"}}, format: FormatCSV,
			want: []string{"2:a.com [x|y]"}, skipped: 1},
		{name: "declared separator", text: "sep=;\r\nowner,team;domain\r\nx,y;a.com\r\n", format: FormatCSV, want: []string{"3:a.com"}, skipped: 2},
		{name: "declared tab", text: "\"sep=\t\"\ndomain\towner,domain\na.com\tx,b.com\n", format: FormatCSV, want: []string{"3:a.com"}, skipped: 2},
		{name: "declared, and no header", text: "SEP=;\n1;a.com\n", format: FormatCSV, want: []string{"2:a.com #1"}, skipped: 1},
		{name: "declared twice", text: "sep=;\nsep=,\na.com;b.com\n", layout: Layout{DomainColumn: "1"}, format: FormatCSV, want: []string{"3:a.com"}, skipped: 2},
		{name: "a column in quotes", text: "\"a.com\"\n\"b.com\"\n", format: FormatCSV, want: []string{"1:a.com", "2:b.com"}},
		{name: "one quoted header", text: "\"Domain\"\r\n\"a.com\"\r\n", format: FormatCSV, want: []string{"2:a.com"}, skipped: 1},
		{name: "a comma in one line of a plain list", text: "https://a.com/x,y;z\nb.com\nc.com\n", format: FormatPlain, want: []string{"1:https://a.com/x,y;z", "2:b.com", "3:c.com"}},
		{name: "a comma in a comment", text: "a.com # one, two; three\nb.com\n", format: FormatPlain, want: []string{"1:a.com", "2:b.com"}},
		{name: "many commas in comments", text: "# one, two\na.com # x, y\nb.com # z|, w\n", format: FormatPlain, want: []string{"2:a.com", "3:b.com"}, skipped: 1},
		{name: "records that are short", text: "a.com,x\nb.com\nc.com,y\nd.com\n\n#\ne.com,z\nf.com", format: FormatCSV, want: []string{"1:a.com", "2:b.com", "3:c.com", "4:d.com", "7:e.com", "8:f.com"}, skipped: 2},

		// Headers.
		{name: "case, spaces and quotes of a header", text: "Rank , \"  DOMAIN_Name \"\n1,a.com\n", format: FormatCSV, want: []string{"2:a.com #1"}, skipped: 1},
		{name: "website", text: "Web-Site;Owner\nhttps://a.com/;x\n", format: FormatCSV, want: []string{"2:https://a.com/"}, skipped: 1},
		{name: "an owner's name before a URL", text: "name,url\nBooking.com,https://www.a.com/\n", format: FormatCSV, want: []string{"2:https://www.a.com/"}, skipped: 1},
		{name: "an owner's name and address", text: "name,e-mail\nJane Doe,jane@a.com\nBob,bob@b.com\n", format: FormatCSV, want: []string{"2:jane@a.com", "3:bob@b.com"}, skipped: 1},
		{name: "a domain's name and its owner's address", text: "E-Mail,Name\njane@b.com,a.com\n", format: FormatCSV, want: []string{"2:a.com"}, skipped: 1},
		{name: "the site of an office", text: "site,url\nBerlin,https://a.com/\nParis,https://b.com/\n", format: FormatCSV, want: []string{"2:https://a.com/", "3:https://b.com/"}, skipped: 1},
		{name: "few cells are names", text: "host,name\nweb 1,a.com\nb.com,b.org\nweb 2,c.com\n", format: FormatCSV, want: []string{"2:a.com", "3:b.org", "4:c.com"}, skipped: 1},
		{name: "no cell is a name", text: "name,site\nx,y\n", format: FormatCSV, want: []string{"2:y"}, skipped: 1},
		{name: "a surer header without cells", text: "mail,domain\nx@a.com\n", format: FormatCSV, want: []string{"2:"}, skipped: 1},
		{name: "header behind a hash, semicolons", text: "#rank;domain\n1;a.com\n", format: FormatCSV, want: []string{"2:a.com #1"}, skipped: 1},

		// Zones.
		{name: "zone", text: "; a comment\nexample. 3600 IN SOA ns.example. host.example. (\n  1 ; serial\n  2 3 4 5 )\nexample.\tIN NS ns.example.\n\n" +
			"a.example. 60 IN NS ns.a.example.\na.example. IN 60 NS ns2.a.example.\nA.example. NS x.\na.example. DS 1 2 3 (AB\nCD)\nns.example. A 192.0.2.1\nb.example. 1h ns x.\n",
			format: FormatZone, want: []string{"5:example zone_apex", "7:a.example", "13:b.example"}, skipped: 7},
		{name: "registry zone", text: "com.\t900\tin\tsoa\ta.gtld-servers.net. x. 1 2 3 4 5\nexample.com.\t172800\tin\tns\tns1.example.net.\n", format: FormatZone,
			want: []string{"2:example.com"}, skipped: 1},
		{name: "origins", text: "$ORIGIN COM.\n$TTL 1d\n@ SOA a b 1 2 3 4 5\n@ NS ns\nA NS ns\n$ORIGIN sub\nB NS x\n\tNS y\n$origin .\nc.net NS x\n. NS x\n", format: FormatZone,
			want: []string{"4:COM zone_apex", "5:A.COM", "7:B.sub.COM", "10:c.net", "11:"}, skipped: 6},
		{name: "same owner", text: "a.com. NS x.\n NS y.\n\tIN NS z.\n  A 192.0.2.1\nb.com. NS x.\na.com. NS w.\n", format: FormatZone,
			want: []string{"1:a.com", "5:b.com", "6:a.com"}, skipped: 3},
		{name: "root first", text: ". NS a.\n. NS b.\ncom. NS c.\n", format: FormatZone, want: []string{"1:", "3:com"}, skipped: 1},
		{name: "the first SOA counts", text: "a.com. SOA x\nb.com. SOA x\na.com. NS x.\nb.com. NS x.\n", format: FormatZone, want: []string{"3:a.com zone_apex", "4:b.com"}, skipped: 2},
		{name: "mixed line ends", text: "a.com. NS x.\rb.com. NS y.\nc.com. NS z.\r\nd.com. NS z.\r", format: FormatZone, want: []string{"1:a.com", "2:b.com", "3:c.com", "4:d.com"}},
		{name: "quotes and escapes", text: "a.com. TXT \"; ( \\\" \" x\nb.com. TXT \"a\"\"b\"(\n\"c\" )\n\\097.com. NS x.\na\\.b.com. NS x.\nb\\;.com. NS x.\nc.com. NS x.;y\n",
			format: FormatZone, want: []string{"4:a.com", `5:a\\.b.com`, `6:b\\;.com`, "7:c.com"}, skipped: 2},
		// Escapes (RFC 1035, section 5.1): octets of host names are decoded, a dot inside a label is not.
		{name: "escapes", text: "dec\\045x.com. NS x.\ndec-x.com. NS y.\n\\100\\069C\\-X.com. NS z.\na\\046b.com. NS x.\na\\.b.com. NS y.\n" +
			"\\*.com. NS x.\na\\\\.com. NS x.\na\\032\\255\\059.com. NS x.\n\\195\\188.com. NS x.\nc\\om. NS x.\n",
			format: FormatZone, want: []string{"1:dec-x.com", `4:a\\.b.com`, "6:*.com", `7:a\\\\.com`, `8:a\\032\\255\\;.com`, `9:\\195\\188.com`, "10:com"}, skipped: 3},
		{name: "escapes in relative names", text: "$ORIGIN \\099om.\ndec\\045x NS x.\na\\. NS x.\n\\@ NS x.\n@ NS x.\n$ORIGIN a\\.b\nc NS x.\n", format: FormatZone,
			want: []string{"2:dec-x.com", `3:a\\..com`, `4:\\@.com`, "5:com", `7:c.a\\.b.com`}, skipped: 2},
		{name: "escapes that are none", text: "a\\256.com. NS x.\n NS y.\na\\12.com. NS x.\nb\\1x2.com. NS x.\nc\\999.com. A 192.0.2.1\na.com. NS x.\n(d\\\nNS x.)\ne\\12 NS x.\n",
			format: FormatZone, want: []string{`1:a\\256.com. escape`, `3:a\\12.com. escape`, `4:b\\1x2.com. escape`, "6:a.com", `7:d\\ escape`, `9:e\\12 escape`}, skipped: 2},
		{name: "types and classes", text: "a.com. CH NS x.\nb.com. CLASS1 TYPE2 \\# 1 00\nc.com. NSEC d.com. NS\nNS NS NS\n", layout: Layout{Format: FormatZone}, format: FormatZone},
		{name: "zone in CR", text: "a.com. NS x.\rb.com. A 192.0.2.1\rc.com. NS x.", format: FormatZone, want: []string{"1:a.com", "3:c.com"}, skipped: 1},
		{name: "zone in CRLF", text: "a.com. NS (\r\n x. )\r\nc.com. NS x.\r\n", format: FormatZone, want: []string{"1:a.com", "3:c.com"}},
		{name: "long lines", text: "a.com. TXT " + strings.Repeat(wide+" ", 100) + "\nb.com. NS x. ;" + wide + "\n" + wide + ".com. NS x.\n", format: FormatZone,
			want: []string{"2:b.com", "3:" + wide[:256] + " too_long"}, skipped: 1},
	}
}

func numbered(from, to int, text string) (out []string) {
	for i := from; i <= to; i++ {
		out = append(out, fmt.Sprintf("%d:%s", i, text))
	}
	return out
}

func TestReader(t *testing.T) {
	for _, tt := range readTests() {
		t.Run(tt.name, func(t *testing.T) {
			got, skipped, format, err := read(tt.text, tt.layout)
			if tt.name == "types and classes" { // the last line is an error, and what was read before stands
				if want := "list:4: relative name \"NS\" with no $ORIGIN before it"; err == nil || err.Error() != want {
					t.Errorf("error %v, want %s", err, want)
				}
				if want := []string{"2:b.com"}; !slices.Equal(got, want) {
					t.Errorf("entries %q, want %q", got, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("entries\n%q, want\n%q", got, tt.want)
			}
			if skipped != tt.skipped {
				t.Errorf("skipped %d, want %d", skipped, tt.skipped)
			}
			if format != tt.format {
				t.Errorf("format %s, want %s", format, tt.format)
			}
		})
	}
}

// A list that cannot be read gets one clear error, with file and line.
func TestReaderErrors(t *testing.T) {
	tests := []struct {
		text   string
		layout Layout
		want   string
	}{
		{text: "foo,bar\na.com,b\n", want: "list:1: no domain column: name one with --domain-column; there are: foo, bar"},
		{text: "# x\n\nfoo,bar\na.com,b\n", want: "list:3: no domain column: name one with --domain-column; there are: foo, bar"},
		{text: "jane@exa mple,x\n", want: "list:1: no domain column: name one with --domain-column; there are: @exa mple, x"},
		{text: "domain,jane@b.com\na.com,b\n", layout: Layout{Tags: []string{"owner"}}, want: `list:1: no column "owner", there are: domain, @b.com`},
		{text: "jane@b.com NS x.\n", want: `list:1: relative name "@b.com" with no $ORIGIN before it`},
		{text: "$jane@b.com\n", want: `list:1: unknown zone directive "@b.com"`},
		{text: "a.com,b.com\n", want: "list:1: no domain column: name one with --domain-column; there are: a.com, b.com"},
		{text: "foo\x1b[2J," + strings.Repeat("c,", 30) + "\n", want: `list:1: no domain column: name one with --domain-column; there are: foo\u001b[2J, ` + strings.Repeat("c, ", 19) + "and 12 more"},
		{text: "domain,owner\na.com,b\n", layout: Layout{DomainColumn: "site"}, want: `list:1: no column "site", there are: domain, owner`},
		{text: "domain,owner\na.com,b\n", layout: Layout{DomainColumn: "3"}, want: "list:1: no column 3: there are 2"},
		{text: "domain,owner\na.com,b\n", layout: Layout{DomainColumn: "0"}, want: "list:1: no column 0: there are 2"},
		{text: "domain,owner\na.com,b\n", layout: Layout{Tags: []string{"owner", "team"}}, want: `list:1: no column "team", there are: domain, owner`},
		{text: "1,a.com\n", layout: Layout{Tags: []string{"owner"}}, want: `list:1: no header, so no column "owner" to carry as a tag`},
		{text: "domain,\"owner\na.com,b\n", want: "list:1: the first line of a CSV list has a CSV quote that is not closed, or text behind one that is"},
		{text: strings.Repeat("domain,", 1000), want: "list:1: the first line of a CSV list has a line over 4 KiB"},
		{text: "a.com. NS x.\n$INCLUDE /etc/passwd\n", want: "list:2: $INCLUDE is refused: expand the zone first"},
		{text: "$GENERATE 1-65535 $.com. NS x.\n", want: "list:1: $GENERATE is refused: expand the zone first"},
		{text: "$FOO\n", want: `list:1: unknown zone directive "$FOO"`},
		{text: "$ORIGIN\n", want: "list:1: $ORIGIN without a name"},
		{text: ";\n$ORIGIN a\\256.com.\n", want: "list:2: $ORIGIN with " + ReasonEscape.Text()},
		{text: "$ORIGIN com\n", want: `list:1: relative name "com" with no $ORIGIN before it`},
		{text: "a NS b\n", want: `list:1: relative name "a" with no $ORIGIN before it`},
		{text: ";\n NS b\n", want: "list:2: zone record without an owner name"},
		{text: ";\na.com. 60 IN\n", want: "list:2: zone record without a type"},
		{text: "a.com. SOA a b (\n1 2 3\n", want: "list:1: parenthesis not closed"},
		{text: ";\na.com. SOA a b ) 1 2 3\n", want: "list:2: closing parenthesis without an opening one"},
		{text: "a.com. TXT \"x\nb.com. NS x.\n", want: "list:1: quote not closed"},
		{text: "a.com. TXT \"x", want: "list:1: quote not closed"},
		{text: "a.com", layout: Layout{Format: "xml"}, want: `list: unknown format "xml"`},
	}
	for _, tt := range tests {
		_, _, _, err := read(tt.text, tt.layout)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%.40q\n got %v\nwant %s", tt.text, err, tt.want)
		}
	}
}

// An error of reading comes where it happens, even inside a record of several lines.
func TestReaderFault(t *testing.T) {
	fault := errors.New("input/output error")
	for text, want := range map[string]string{
		"a.com\nb.c":                       "1 entries, list:2: input/output error",
		"domain,x\na.com,1\nb.com,\"2\n3":  "1 entries, list:3: input/output error",
		"domain,x\na.com," + label(5000):   "0 entries, list:2: input/output error",
		"a.com. NS x.\nb.com. NS ( x.\n y": "1 entries, list:2: input/output error",
		"a.com. NS x.\nb.com. NS x.\n":     "2 entries, list:3: input/output error",
	} {
		r, err := NewReader("list", io.MultiReader(strings.NewReader(text), iotest.ErrReader(fault)), Layout{})
		if err != nil {
			t.Fatal(err)
		}
		var e Entry
		n := -1
		for ; err == nil; n++ {
			err = r.Next(&e)
		}
		if got := fmt.Sprintf("%d entries, %v", n, err); got != want || !errors.Is(err, fault) {
			t.Errorf("%.30q: %s, want %s", text, got, want)
		}
	}
}

func TestParseFormat(t *testing.T) {
	for in, want := range map[string]Format{"": FormatAuto, "CSV": FormatCSV, "zone": FormatZone} {
		if got, err := ParseFormat(in); got != want || err != nil {
			t.Errorf("ParseFormat(%q) = %q, %v", in, got, err)
		}
	}
	_, err := ParseFormat("xml")
	if want := `unknown format "xml": must be auto, plain, csv or zone`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestDetectFormat(t *testing.T) {
	tests := []struct {
		text string
		want Format
	}{
		{"example.com", FormatPlain},
		{"# a, b; c\nexample.com", FormatPlain},
		{"a.com A", FormatPlain},    // no data
		{"NS a.com x", FormatPlain}, // no owner
		{"hostname\n", FormatCSV},
		{"a b c, d", FormatCSV},
		{"1,a.com", FormatCSV},
		{"; zone", FormatZone},
		{"$TTL 60", FormatZone},
		{"a. 1 IN A 192.0.2.1", FormatZone},
		{"a.\tIN\t1w\tDS\t1", FormatZone},
		{"  NS ns.a.", FormatPlain}, // nothing to own it: told by a line before it
		{"a.com " + strings.Repeat("x ", 20000) + "NS y", FormatPlain},
	}
	for _, tt := range tests {
		if got := detectFormat([]byte(tt.text), ""); got != tt.want {
			t.Errorf("%.30q is %s, want %s", tt.text, got, tt.want)
		}
	}
}

// FuzzReader: no text makes a reader panic, hang or miscount lines.
func FuzzReader(f *testing.F) {
	for _, tt := range readTests() {
		f.Add(tt.text, string(tt.layout.Format), tt.layout.DomainColumn)
	}
	f.Fuzz(func(t *testing.T, text, format, column string) {
		entries, skipped, got, err := read(text, Layout{Format: Format(format), DomainColumn: column})
		if err != nil {
			if !strings.HasPrefix(err.Error(), "list:") {
				t.Fatalf("error without a place: %v", err)
			}
			return
		}
		lines := listfile.LineEnds([]byte(text)) + 1
		if n := int64(len(entries)) + skipped; n > lines {
			t.Fatalf("%d entries and %d skipped in %d lines of %s", len(entries), skipped, lines, got)
		}
	})
}

// FuzzZone: lines without quotes, parentheses and escapes take a fast path, which agrees with the slow one.
func FuzzZone(f *testing.F) {
	for _, tt := range readTests() {
		if tt.format == FormatZone {
			f.Add(tt.text)
		}
	}
	f.Add(strings.Repeat("m", maxToken+1) + " NS ns.a.")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "\"();\\\r") {
			return
		}
		text += "\n"
		short, _, _, err := read(text, Layout{Format: FormatZone})
		long, _, _, err2 := read(strings.ReplaceAll(text, "\n", " ()\n"), Layout{Format: FormatZone})
		if !slices.Equal(short, long) || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("the short way: %q, %v; the long way: %q, %v", short, err, long, err2)
		}
	})
}
