import { SetMetadata } from '@nestjs/common';

export const isPublicKey = 'millrace:public';

/** Opens a call, or all calls of a controller, to requests without an API key. */
export const Public = () => SetMetadata(isPublicKey, true);
