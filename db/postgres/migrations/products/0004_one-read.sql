-- One product in one statement: its transaction names its store, so row-level security judges it.
CREATE FUNCTION "products"."read_product"(of_store text, of_id text) RETURNS json
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('holdfast.store', of_store, true);
  RETURN (
    SELECT json_build_object(
      'id', p.id, 'storeId', p.store_id, 'slug', p.slug, 'name', p.name,
      'description', p.description, 'status', p.status, 'attributes', p.attributes,
      'media', p.media, 'version', p.version, 'clockUs', p.clock_us,
      'createdAt', p.created_at, 'updatedAt', p.updated_at,
      'variants', (
        SELECT json_agg(json_build_object(
          'sku', v.sku, 'title', v.title, 'options', v.options, 'priceMinor', v.price_minor,
          'currency', v.currency, 'compareAtMinor', v.compare_at_minor, 'position', v.position)
          ORDER BY v.position, v.sku)
        FROM products.variants v WHERE v.product_id = p.id),
      'members', (
        SELECT json_agg(json_build_object('collectionId', m.collection_id, 'position', m.position)
          ORDER BY m.collection_id)
        FROM products.product_collections m WHERE m.product_id = p.id))
    FROM products.products p WHERE p.store_id = of_store AND p.id = of_id);
END $$;
