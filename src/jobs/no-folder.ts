/** For a sweep that lists a folder: one that was never made holds nothing. Throws any other error. */
export function noFolder(error: NodeJS.ErrnoException): [] {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
  throw error;
}
