/** The members and headers by which known APIs lead to their next page, and tell how much there is. */

/** Objects in which APIs put what they tell of their pages. */
export const WRAPPERS = words(`
  meta _meta metadata _metadata response_metadata responseMetadata info additional_data
  pagination paging pager page page_info pageInfo page_context result_info list_info links
  _links link cursor cursors data result results response next hits
`);

/** Of the next page's URL, or of an object that holds it. */
export const URL_NAMES = words(`
  next next_url nextUrl next_page_url nextPageUrl next_page nextPage next_uri nextUri
  nextLink next_link nextRecordsUrl @odata.nextLink odata.nextLink __next next_href
`);

/** Of the URL in a link object. */
export const LINK_NAMES = words('href url link uri');

/** Of lists of links. */
export const LIST_NAMES = words('links _links link');

/** Of what asks for the next page without being a URL. */
export const TOKEN_NAMES = words(`
  nextPageToken next_page_token nextToken NextToken next_token after offset next_cursor
  nextCursor next_page_cursor nextPageCursor next_page_id nextPageId next next_page
  nextPage next_offset nextOffset next_start nextStart next_marker nextMarker NextMarker
  NextContinuationToken continuationToken continuation_token nextContinuationToken
  continuation next_id nextId
`);

/** Of the number of all records. */
export const TOTALS = words(`
  total total_count totalCount total_results totalResults total_records totalRecords count
  total_items totalItems totalElements total_elements totalSize total_size total_entries
  totalEntries totalHits total_hits @odata.count odata.count __count
`);

/** Of the number of all pages. */
export const PAGES = words('total_pages totalPages page_count pageCount last_page lastPage pages');

/** true while there is more. */
export const FLAGS = words(`
  has_more hasMore has_next hasNext has_next_page hasNextPage more more_records
  has_more_items hasMoreItems more_items_in_collection has_more_records hasMoreRecords
`);

/** false while there is more. */
export const END_FLAGS = words('last isLast is_last isLastPage is_last_page done end_of_stream');

export const TOTAL_HEADERS = words('x-total-count x-total total-count x-wp-total');

export const PAGES_HEADERS = words('x-total-pages x-wp-totalpages');

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
