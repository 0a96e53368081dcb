/** All migrations of the service's own tables. A new one adds its file and its line here. */
export const migrations = [];
