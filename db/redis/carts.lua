-- Writes a cart if it is still the one that was read, and renews its life.
-- KEYS: the cart. ARGV: the mark that was read ('' for none), the new mark, the cart as text, its
-- life in ms. Answers 1, or 0 when somebody else was first.
local read = redis.pcall('HGET', KEYS[1], 'mark')
-- A key of another type is as good as none.
if type(read) == 'table' then redis.call('DEL', KEYS[1]) read = false end
if (read or '') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'mark', ARGV[2], 'cart', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
