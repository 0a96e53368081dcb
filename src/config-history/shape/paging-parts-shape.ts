import { Key } from './key.js';
import { JSON_PATH, PLACE_NAME } from './request-rules.js';
import { oneOf, wholeNumber } from './rules.js';

/** Most records of a page, and most pages by number. */
export const MOST = 1_000_000;

/** Of pages whose size is asked for. */
export const SHORT_PAGE_ENDS = {
  description:
    'Whether a page with fewer records than asked for is the last one. Otherwise only an empty page is, or what the answer says.',
  default: false,
};

/** Of answers that lead to their next page themselves. */
export const EMPTY_PAGE_ENDS = {
  description:
    'Whether a page without records is the last one even if it leads to another, for APIs that lead on for ever.',
  default: false,
};

/** Parameters in a request. */
class PlacedShape {
  @Key(oneOf(['query', 'body', 'header']), {
    description: 'Where the parameters go. In a body a name may be a path of members, such as page.offset.',
    default: 'query',
  })
  in?: 'query' | 'body' | 'header';
}

/** What ends the pages besides an empty one. */
export class StopsShape extends PlacedShape {
  @Key(JSON_PATH, { description: 'Where the number of all records is.', examples: ['$.meta.total'] })
  total?: string;

  @Key(JSON_PATH, { description: 'Where the number of all pages is.', examples: ['$.meta.pages'] })
  total_pages?: string;

  @Key(JSON_PATH, { description: 'Where it stands, as true, that there is more.', examples: ['$.has_more'] })
  has_more?: string;
}

/** Stops, and a size that may be asked for. */
export class SizedShape extends StopsShape {
  @Key(PLACE_NAME, { description: 'Parameter that asks for a number of records.', examples: ['per_page'] })
  size_param?: string;

  @Key(wholeNumber(1, MOST), { description: 'Records to ask for in a page.', examples: [100] })
  size?: number;
}
