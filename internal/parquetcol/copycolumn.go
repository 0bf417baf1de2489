package parquetcol

// A CopyColumn is a [TextColumn] whose texts are mostly those of another one, Of. For a page in which all are, as in
// the zone of a registry where each domain is its own registered domain, it keeps no texts of its own and takes over
// the other's values, encoded and compressed.
type CopyColumn struct {
	Of *TextColumn

	own     TextColumn
	differs bool // own has the texts of the page
}

// Add takes the text of a row for which Of has just taken the text of. It reports whether the text is valid UTF-8.
func (c *CopyColumn) Add(text, of string) bool {
	if !c.differs && text == of && text != "" {
		return true // as Of has reported
	}
	return c.addOwn(text)
}

func (c *CopyColumn) addOwn(text string) bool {
	if !c.differs {
		c.differs = true
		if rows := len(c.Of.ends) - 1; rows > 0 { // that are the same
			c.own.ends = append(c.own.ends, c.Of.ends[:rows]...)
			c.own.data = append(c.own.data, c.Of.data[:c.Of.ends[rows-1]]...)
		}
	}
	return c.own.Add(text)
}

func (c *CopyColumn) begin(leaf leaf) error {
	c.Of.copy = c
	return c.own.begin(leaf)
}

// endPage does nothing: Of calls endPageAfter.
func (c *CopyColumn) endPage(*scratch, []int32) error { return nil }

// endPageAfter makes a page from the one that Of has just made: s still has its texts and values.
func (c *CopyColumn) endPageAfter(s *scratch, order []int32) error {
	if c.differs {
		c.differs = false
		return c.own.endPage(s, order)
	}
	c.own.extendBounds(s)
	c.own.chunk.encoding = c.Of.chunk.encoding
	return c.own.chunk.addFlatPage(s, (*scratch).reuse, len(order), 0)
}

func (c *CopyColumn) finish(*scratch) (*chunk, error) { return &c.own.chunk, nil }
func (c *CopyColumn) reset()                          { c.own.reset() }
