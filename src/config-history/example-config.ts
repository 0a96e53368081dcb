/** `examples/shop.yaml`, which the API's documentation offers to send as it is. */
export const EXAMPLE_CONFIG = `# A whole config: everything that is not here has a default.
pipeline: shop
streams:
  - table: customers
    sources:
      - { type: local, path: examples/shop, include: ['customers.txt'] }
  - table: orders
    sources:
      - { type: local, path: examples/shop, include: ['orders-*'] }
    schema:
      columns:
        order_id: { type: bigint, required: true }
        customer_id: bigint
        amount: numeric(12,2)
        active: boolean
        placed_on: { type: date, formats: ['%d/%m/%Y', '%Y-%m-%d'] }
`;
